#include "net/tcp_connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace visavis::net {
namespace {

constexpr std::size_t kGatherMax = 64;
/// Pieces that are no more together are copied into one: the kernel takes longer over a list.
constexpr std::size_t kCopiedMax = 1024;
/// One TLS record (RFC 8446 §5.1): the most that is encrypted before the kernel has taken it.
constexpr std::size_t kPlaintextMax = 16'384;
/// A record with its header, tag and padding, and a handshake flight beside it.
constexpr std::size_t kCiphertextMax = 32'768;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

TcpConnection::TcpConnection(FileDescriptor socket, const tls::TlsContext* tls)
    : socket_(std::move(socket)) {
  if (tls != nullptr) {
    tls_ = std::make_unique<Tls>(*tls);
  }
}

TcpConnection::ReadResult TcpConnection::read(MutableBytes scratch, std::uint64_t& wire_bytes,
                                              Taker take) {
  const ssize_t received = ::recv(fd(), scratch.data(), scratch.size(), 0);
  if (received < 0) {
    if (errno == EINTR) {
      return ReadResult::kMore;
    }
    return would_block(errno) ? ReadResult::kOpen : ReadResult::kFailed;
  }
  if (received == 0) {
    return ReadResult::kEnded;
  }
  wire_bytes += static_cast<std::uint64_t>(received);
  const MutableBytes arrived = scratch.first(static_cast<std::size_t>(received));
  // Of a stream, less than was asked for is all there was: epoll(7).
  const ReadResult open = arrived.size() < scratch.size() ? ReadResult::kOpen : ReadResult::kMore;
  if (tls_ == nullptr) {
    take(arrived);
    return open;
  }
  tls_->session.handle_ciphertext(arrived);
  while (const std::size_t size = tls_->session.read(scratch)) {
    take(scratch.first(size));
  }
  switch (tls_->session.state()) {
    case tls::TlsSession::State::kFailed: return ReadResult::kFailed;
    case tls::TlsSession::State::kClosed: return ReadResult::kEnded;
    default: return open;
  }
}

void TcpConnection::queue(std::vector<SharedBytes> bytes) {
  std::erase_if(bytes, [](const SharedBytes& part) { return part == nullptr || part->empty(); });
  for (const SharedBytes& part : bytes) {
    unsent_bytes_ += part->size();
  }
  if (queue_empty()) {
    queue_ = std::move(bytes);
    front_ = 0;
    return;
  }
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(front_));
  front_ = 0;
  std::ranges::move(bytes, std::back_inserter(queue_));
}

std::optional<std::size_t> TcpConnection::write(std::uint64_t& wire_bytes, bool then_closes) {
  blocked_ = 0;
  return tls_ != nullptr ? write_tls(wire_bytes) : write_plain(wire_bytes, then_closes);
}

/// As many pieces as the kernel takes at once.
ssize_t TcpConnection::send_front(int flags) const {
  const std::size_t count = std::min(queue_.size() - front_, kGatherMax);
  const Bytes front = Bytes(*queue_[front_]).subspan(front_offset_);
  if (count == 1) {
    return ::send(fd(), front.data(), front.size(), flags);  // Cheaper than a list of one.
  }
  if (unsent_bytes_ <= kCopiedMax) {
    return send_copied(count, flags);
  }
  std::array<iovec, kGatherMax> gather;  // NOLINT(*-member-init): only what is used is set.
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes bytes = i == 0 ? front : Bytes(*queue_[front_ + i]);
    // The kernel only reads; iovec knows no const.
    gather.at(i) = {const_cast<std::byte*>(bytes.data()), bytes.size()};  // NOLINT
  }
  msghdr message{};
  message.msg_iov = gather.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd(), &message, flags);
}

/// The first `count` pieces, which are small.
ssize_t TcpConnection::send_copied(std::size_t count, int flags) const {
  std::array<std::byte, kCopiedMax> bytes;  // NOLINT(*-member-init): only what is used is set.
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes piece = Bytes(*queue_[front_ + i]).subspan(i == 0 ? front_offset_ : 0);
    std::memcpy(bytes.data() + size, piece.data(), piece.size());  // std::copy goes byte by byte.
    size += piece.size();
  }
  return ::send(fd(), bytes.data(), size, flags);
}

std::optional<std::size_t> TcpConnection::write_plain(std::uint64_t& wire_bytes, bool then_closes) {
  const int flags = then_closes ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
  std::size_t left = 0;
  while (!queue_empty()) {
    const ssize_t sent = send_front(flags);
    if (sent < 0) {
      if (errno == EINTR) {
        continue;
      }
      blocked_ = would_block(errno) ? 1 : 0;
      return is_blocked() ? std::optional(left) : std::nullopt;
    }
    wire_bytes += static_cast<std::uint64_t>(sent);
    left += static_cast<std::size_t>(sent);
    unsent_bytes_ -= static_cast<std::size_t>(sent);
    drop_front(static_cast<std::size_t>(sent));
  }
  return left;
}

std::optional<std::size_t> TcpConnection::write_tls(std::uint64_t& wire_bytes) {
  std::size_t left = 0;
  while (true) {
    switch (send_ciphertext(wire_bytes)) {
      case Flow::kDead: return std::nullopt;
      case Flow::kBlocked: blocked_ = 1; return left;
      case Flow::kGoing: break;
    }
    left += tls_->plaintext_in_flight;
    unsent_bytes_ -= std::exchange(tls_->plaintext_in_flight, 0);
    if (queue_empty() || tls_->session.state() == tls::TlsSession::State::kHandshaking ||
        tls_->session.state() == tls::TlsSession::State::kFailed) {
      tls_->ciphertext = Buffer();  // Gives the memory back: most connections are idle.
      return left;
    }
    encrypt_next();
  }
}

/// Sends what TLS has made; `kGoing` when nothing of it is left.
TcpConnection::Flow TcpConnection::send_ciphertext(std::uint64_t& wire_bytes) {
  while (true) {
    if (tls_->ciphertext_offset == tls_->ciphertext.size()) {
      tls_->ciphertext.resize(kCiphertextMax);
      tls_->ciphertext.resize(tls_->session.poll_ciphertext(tls_->ciphertext));
      tls_->ciphertext_offset = 0;
      if (tls_->ciphertext.empty()) {
        return Flow::kGoing;
      }
    }
    const Bytes rest = Bytes(tls_->ciphertext).subspan(tls_->ciphertext_offset);
    const ssize_t sent = ::send(fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      return would_block(errno) ? Flow::kBlocked : Flow::kDead;
    }
    if (sent > 0) {
      wire_bytes += static_cast<std::uint64_t>(sent);
      tls_->ciphertext_offset += static_cast<std::size_t>(sent);
    }
  }
}

/// Moves up to a record's worth of the queue into TLS; small frames share a record.
void TcpConnection::encrypt_next() {
  Buffer plaintext;
  while (!queue_empty() && plaintext.size() < kPlaintextMax) {
    const Bytes front = Bytes(*queue_[front_]).subspan(front_offset_);
    const Bytes piece = front.first(std::min(front.size(), kPlaintextMax - plaintext.size()));
    plaintext.insert(plaintext.end(), piece.begin(), piece.end());
    drop_front(piece.size());
  }
  tls_->session.write(plaintext);
  tls_->plaintext_in_flight = plaintext.size();
}

void TcpConnection::drop_front(std::size_t bytes) {
  while (bytes > 0) {
    const std::size_t rest = queue_[front_]->size() - front_offset_;
    if (bytes < rest) {
      front_offset_ += bytes;
      return;
    }
    bytes -= rest;
    front_offset_ = 0;
    queue_[front_].reset();
    ++front_;
  }
  if (queue_empty()) {
    queue_ = {};
    front_ = 0;
  }
}

void TcpConnection::end(std::uint64_t& wire_bytes) {
  if (tls_ != nullptr) {
    tls_->session.close();
    static_cast<void>(write_tls(wire_bytes));
  }
  ::shutdown(fd(), SHUT_WR);
}

bool TcpConnection::tls_failed() const {
  return tls_ != nullptr && tls_->session.state() == tls::TlsSession::State::kFailed;
}

}  // namespace visavis::net
