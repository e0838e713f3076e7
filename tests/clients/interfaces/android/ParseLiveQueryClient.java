package com.parse.livequery;

import com.parse.ParseObject;
import com.parse.ParseQuery;
import java.net.URI;

public interface ParseLiveQueryClient {
  <T extends ParseObject> SubscriptionHandling<T> subscribe(ParseQuery<T> query);

  class Factory {
    public static ParseLiveQueryClient getClient(URI uri) { return null; }
  }
}
