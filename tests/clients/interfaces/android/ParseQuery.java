package com.parse;

import java.util.Collection;

public class ParseQuery<T extends ParseObject> {
  public static <T extends ParseObject> ParseQuery<T> getQuery(String className) { return null; }

  public ParseQuery<T> orderByAscending(String key) { return this; }

  public ParseQuery<T> setLimit(int newLimit) { return this; }

  public ParseQuery<T> setSkip(int newSkip) { return this; }

  public ParseQuery<T> whereGreaterThan(String key, Object value) { return this; }

  public ParseQuery<T> include(String key) { return this; }

  public ParseQuery<T> selectKeys(Collection<String> keys) { return this; }

  public ParseQuery<T> fromLocalDatastore() { return this; }

  public void findInBackground(FindCallback<T> callback) {}
}
