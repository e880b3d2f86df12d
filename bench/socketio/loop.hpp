#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace visavis::bench {

/// Where the server listens; always on 127.0.0.1, the load comes from this machine.
struct Target {
  std::uint16_t port = 3000;
  /// Connections come from 127.0.1.1, 127.0.1.2, … in turn: one address has too few ports.
  std::size_t sources = 8;
};

/// Seconds on the monotonic clock.
[[nodiscard]] double now_s();

class Link;

/// The load's event loop: one thread, level-triggered epoll.
class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Waits at most `wait_ms` and serves whatever is ready.
  void turn(int wait_ms);

 private:
  friend class Link;
  int epoll_ = -1;
  std::string scratch_ = std::string(std::size_t{1} << 17U, '\0');
};

/// One TCP connection of the load. What is written during an event leaves with one system call at
/// its end; call `flush()` after writing at another time. Must not be destroyed by its own handler.
class Link {
 public:
  Link(Loop& loop, const Target& target);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link();

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] std::string& output() { return output_; }
  void flush();
  void close();

 protected:
  /// Takes from the front of what has come and says how much; the rest comes again with more.
  virtual std::size_t handle_input(std::string_view input) = 0;
  virtual void handle_closed() {}

 private:
  friend class Loop;
  void handle_ready(std::uint32_t events);
  void read();
  void wait_for(bool writable);

  Loop& loop_;
  int fd_ = -1;
  bool connected_ = false;
  bool waits_for_writable_ = true;
  std::string output_;
  std::string input_;  ///< the beginning of something whose end has not come
};

}  // namespace visavis::bench
