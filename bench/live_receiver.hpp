#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "net/udp_socket.hpp"
#include "srtp/cipher.hpp"
#include "srtp/opener.hpp"

namespace visavis::bench {

/// All subscribers in one thread on a core of its own, behind one socket, as those of
/// `visavis-load --read-tick-us` are: recvmmsg with UDP_GRO, each packet opened with its
/// subscriber's key. Who sends to it pays for the lock of its queue and for buffers that another
/// core frees, as a server does, but not for waking it.
class LiveReceiver {
 public:
  /// 127.16.0.0, away from 127.0.0.1: each subscriber has an address of its own.
  static constexpr std::uint32_t kFirstAddress = 0x7F10'0000;

  /// How it reads: on which core, and how often.
  struct Reading {
    std::size_t core;
    Duration tick;
  };

  /// `openers` by subscriber's number, made with `cipher`, which the receiver alone uses from then
  /// on.
  LiveReceiver(const Reading& reading, std::unique_ptr<srtp::Cipher> cipher,
               std::vector<srtp::Opener> openers);
  LiveReceiver(const LiveReceiver&) = delete;
  LiveReceiver& operator=(const LiveReceiver&) = delete;
  ~LiveReceiver();

  [[nodiscard]] std::uint16_t port() const { return socket_.local().port; }
  /// Subscriber `n` is at `kFirstAddress + n`. Waits, at most a second, until `packets` have come
  /// since it was made, and could be opened.
  [[nodiscard]] bool wait_for(std::uint64_t packets) const;

 private:
  void run(const Reading& reading);
  void read_all();
  void take(const Datagram& datagram);

  net::UdpSocket socket_;
  std::unique_ptr<srtp::Cipher> cipher_;
  std::vector<srtp::Opener> openers_;
  std::atomic<std::uint64_t> opened_ = 0;
  std::atomic<bool> stopping_ = false;
  std::jthread thread_;  // Last: it uses the others.
};

}  // namespace visavis::bench
