#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.hpp"
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
/// A listener and its name are one piece of memory.
template <class Function>
class NamedListeners {
 public:
  struct Listener;

  /// Keeps a listener alive, by whoever calls it; of one thread.
  // NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): one assignment copies and moves.
  class Listening {
   public:
    Listening() = default;
    explicit Listening(Listener* of) : of_(of) { hold(); }
    Listening(const Listening& other) : of_(other.of_) { hold(); }
    Listening(Listening&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Listening& operator=(Listening other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~Listening() {
      if (of_ != nullptr && --of_->holders == 0) {
        std::destroy_at(of_);
        ::operator delete(of_);
      }
    }
    Listener* operator->() const { return of_; }
    explicit operator bool() const { return of_ != nullptr; }

   private:
    void hold() const {
      if (of_ != nullptr) {
        ++of_->holders;
      }
    }

    Listener* of_ = nullptr;
  };

  struct Listener {
    ListenerId id;
    Function function;
    Listening next{};
    std::uint32_t holders = 0;
    std::uint32_t name_size : 31 = 0;
    std::uint32_t once : 1 = 0;

    /// Stands behind the object.
    [[nodiscard]] char* name_start() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] std::string_view name() { return {name_start(), name_size}; }
  };

  NamedListeners() = default;
  NamedListeners(const NamedListeners&) = delete;
  NamedListeners& operator=(const NamedListeners&) = delete;
  ~NamedListeners() { clear(); }

  void append(std::string_view name, ListenerId id, Function function, bool once = false) {
    check(name.size() <= kNameMax);
    void* const memory = ::operator new(sizeof(Listener) + name.size());
    auto* const made = new (memory) Listener{.id = id, .function = std::move(function)};
    made->once = once ? 1U : 0U;
    made->name_size = static_cast<std::uint32_t>(name.size()) & kNameMax;
    std::ranges::copy(name, made->name_start());
    Listening* last = &first_;
    while (*last) {
      last = &(*last)->next;
    }
    *last = Listening(made);
  }
  void remove(std::string_view name) {
    remove_if([&](Listener& listener) { return listener.name() == name; });
  }
  void remove(std::string_view name, ListenerId id) {
    remove_if([&](Listener& listener) { return listener.id == id && listener.name() == name; });
  }
  void clear() {
    // One by one: each would end the next, as deep as the list is long.
    while (first_) {
      first_ = std::exchange(first_->next, Listening());
    }
  }

  /// Those of this name and moment; the ones for one time are taken off.
  [[nodiscard]] std::vector<Listening> due(std::string_view name) {
    std::vector<Listening> due;
    bool once = false;
    for (const Listening* at = &first_; *at; at = &(*at)->next) {
      Listener& listener = *at->operator->();
      if (listener.name() == name) {
        due.push_back(*at);
        once = once || listener.once != 0;
      }
    }
    if (once) {
      remove_if([&](Listener& listener) { return listener.once != 0 && listener.name() == name; });
    }
    return due;
  }

 private:
  static constexpr std::uint32_t kNameMax = 0x7FFF'FFFF;  // what `Listener::name_size` holds

  template <class Matches>
  void remove_if(const Matches& matches) {
    Listening* at = &first_;
    while (*at) {
      if (matches(*at->operator->())) {
        *at = std::exchange((*at)->next, Listening());
      } else {
        at = &(*at)->next;
      }
    }
  }

  Listening first_;
};

}  // namespace visavis::socketio
