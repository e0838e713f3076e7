package com.parse.livequery;

import com.parse.ParseObject;
import com.parse.ParseQuery;

public interface SubscriptionHandling<T extends ParseObject> {
  SubscriptionHandling<T> handleEvent(Event event, HandleEventCallback<T> callback);

  interface HandleEventCallback<T extends ParseObject> {
    void onEvent(ParseQuery<T> query, T object);
  }

  enum Event { CREATE, ENTER, UPDATE, LEAVE, DELETE }
}
