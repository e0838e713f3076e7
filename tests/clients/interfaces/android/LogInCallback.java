package com.parse;

public interface LogInCallback {
  void done(ParseUser user, ParseException e);
}
