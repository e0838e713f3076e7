package com.parse;

public class ParseUser extends ParseObject {
  public ParseUser() { super("_User"); }

  public String getUsername() { return null; }

  public void setUsername(String username) {}

  public void setPassword(String password) {}

  public String getEmail() { return null; }

  public void setEmail(String email) {}

  public void signUpInBackground(SignUpCallback callback) {}

  public static void logInInBackground(String username, String password, LogInCallback callback) {}
}
