package com.parse;

public interface SignUpCallback {
  void done(ParseException e);
}
