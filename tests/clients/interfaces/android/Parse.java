package com.parse;

import android.content.Context;

public class Parse {
  public static void initialize(Configuration configuration) {}

  public static final class Configuration {
    public static final class Builder {
      public Builder(Context context) {}

      public Builder applicationId(String applicationId) { return this; }

      public Builder clientKey(String clientKey) { return this; }

      public Builder server(String server) { return this; }

      public Builder enableLocalDataStore() { return this; }

      public Configuration build() { return new Configuration(); }
    }
  }
}
