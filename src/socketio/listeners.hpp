#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strong.hpp"

namespace visavis::socketio {

/// Names one listener of a socket, so that it alone can be taken off again.
using ListenerId = Strong<struct ListenerIdMeaning, std::uint64_t>;

/// Calls those of a list of pointers to functions, and those that they add to it.
template <class Function, class... Args>
void call_in_turn(const std::vector<std::unique_ptr<Function>>& list, Args&... args) {
  std::size_t called = 0;
  while (called < list.size()) {
    (*list[called++])(args...);
  }
}

/// Functions that are called in turn, and may add and remove such while they run. Inner to the
/// module.
template <class Function>
class Listeners {
 public:
  struct Listener {
    ListenerId id;
    bool once = false;
    std::shared_ptr<Function> function;  // kept alive by whoever calls it
  };

  void append(ListenerId id, Function function, bool once = false) {
    list_.push_back(
        {.id = id, .once = once, .function = std::make_shared<Function>(std::move(function))});
  }
  void prepend(ListenerId id, Function function) {
    list_.insert(list_.begin(),
                 {.id = id, .function = std::make_shared<Function>(std::move(function))});
  }
  bool remove(ListenerId id) {
    return std::erase_if(list_, [&](const Listener& listener) { return listener.id == id; }) > 0;
  }
  void clear() { list_.clear(); }
  [[nodiscard]] bool empty() const { return list_.empty(); }

  /// Those of this moment; the ones for one time are taken off.
  [[nodiscard]] std::vector<Listener> due() {
    std::vector<Listener> listeners = list_;
    std::erase_if(list_, [](const Listener& listener) { return listener.once; });
    return listeners;
  }

 private:
  std::vector<Listener> list_;
};

/// The same for events with names: one flat list, since a socket has few and a server many sockets.
template <class Function>
class NamedListeners {
 public:
  struct Listener {
    std::string name;
    Function function;
  };
  using Listening = std::shared_ptr<Listener>;  // kept alive by whoever calls it

  void append(std::string_view name, ListenerId id, Function function, bool once = false) {
    list_.push_back(
        {.id = id,
         .once = once,
         .listener = std::make_shared<Listener>(std::string(name), std::move(function))});
  }
  void remove(std::string_view name) {
    std::erase_if(list_, [&](const Entry& entry) { return entry.listener->name == name; });
  }
  void remove(std::string_view name, ListenerId id) {
    std::erase_if(
        list_, [&](const Entry& entry) { return entry.id == id && entry.listener->name == name; });
  }
  void clear() { list_.clear(); }

  /// Those of this name and moment; the ones for one time are taken off.
  [[nodiscard]] std::vector<Listening> due(std::string_view name) {
    std::vector<Listening> due;
    bool once = false;
    for (const Entry& entry : list_) {
      if (entry.listener->name == name) {
        due.push_back(entry.listener);
        once = once || entry.once;
      }
    }
    if (once) {
      std::erase_if(list_,
                    [&](const Entry& entry) { return entry.once && entry.listener->name == name; });
    }
    return due;
  }

 private:
  struct Entry {
    ListenerId id;
    bool once = false;
    Listening listener;
  };
  std::vector<Entry> list_;
};

}  // namespace visavis::socketio
