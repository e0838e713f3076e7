package com.parse;

public class ParseException extends Exception {
  public int getCode() { return 0; }
}
