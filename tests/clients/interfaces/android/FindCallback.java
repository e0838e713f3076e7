package com.parse;

import java.util.List;

public interface FindCallback<T extends ParseObject> {
  void done(List<T> objects, ParseException e);
}
