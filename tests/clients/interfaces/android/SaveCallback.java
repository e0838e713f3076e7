package com.parse;

public interface SaveCallback {
  void done(ParseException e);
}
