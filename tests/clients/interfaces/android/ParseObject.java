package com.parse;

public class ParseObject {
  public ParseObject(String className) {}

  public void put(String key, Object value) {}

  public String getString(String key) { return null; }

  public int getInt(String key) { return 0; }

  public String getObjectId() { return null; }

  public final void saveInBackground(SaveCallback callback) {}

  public final void pinInBackground(SaveCallback callback) {}
}
