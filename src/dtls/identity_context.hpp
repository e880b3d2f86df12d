#pragma once

#include <memory>
#include <vector>

#include "dtls/identity.hpp"

// OpenSSL's own names: its headers stay in .cpp files.
struct bio_method_st;
struct ssl_ctx_st;

namespace visavis::dtls {

/// What the sessions of one identity share. Inside this module only.
struct Identity::Context {
  struct Free {
    void operator()(ssl_ctx_st* context) const;
    void operator()(bio_method_st* method) const;
  };
  std::unique_ptr<ssl_ctx_st, Free> tls;
  std::unique_ptr<bio_method_st, Free> datagrams;  ///< See `DatagramPort`.
};

/// Whom a session expects; OpenSSL's check of the peer's certificate finds it as the session's
/// application data.
struct ExpectedPeer {
  Fingerprint fingerprint;
  bool mismatch = false;  ///< Another certificate was shown.
};

/// OpenSSL's side of the wire: a BIO that reads one datagram and writes whole datagrams, its data a
/// `DatagramPort`. A memory BIO would run the datagrams of a flight into one another.
struct DatagramPort {
  Bytes incoming;                ///< Lent for one call; empty when read.
  std::vector<Buffer> outgoing;  ///< In the order they are to leave.
};
[[nodiscard]] bio_method_st* new_datagram_method();

}  // namespace visavis::dtls
