#include "tls/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/address.hpp"
#include "base/check.hpp"

namespace visavis::tls {

/// OpenSSL's side of the pipes. Its own memory BIO would keep the largest buffer it ever had for
/// as long as the connection lives; these give theirs back.
struct PipeBio {
  using Pipes = TlsSession::Pipes;

  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
    Buffer& outgoing = static_cast<Pipes*>(BIO_get_data(bio))->outgoing;
    const Bytes piece = as_bytes({bytes, size});
    outgoing.insert(outgoing.end(), piece.begin(), piece.end());
    *written = size;
    return 1;
  }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
    Pipes& pipes = *static_cast<Pipes*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const Bytes rest = Bytes(pipes.incoming).subspan(pipes.incoming_read);
    if (rest.empty()) {
      BIO_set_retry_read(bio);
      *count = 0;
      return 0;
    }
    *count = std::min(size, rest.size());
    std::memcpy(into, rest.data(), *count);
    pipes.incoming_read += *count;
    return 1;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO_METHOD* make_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "pipes");
    check(method != nullptr);
    BIO_meth_set_write_ex(method, &write);
    BIO_meth_set_read_ex(method, &read);
    BIO_meth_set_ctrl(method, &control);
    return method;
  }

  static BIO* make(Pipes& pipes) {
    static const BIO_METHOD* const method = make_method();
    BIO* const bio = BIO_new(method);
    check(bio != nullptr);
    BIO_set_data(bio, &pipes);
    BIO_set_init(bio, 1);
    return bio;
  }
};

namespace {

void expect_server(SSL* ssl, const std::string& name) {
  if (IpAddress::parse(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
    return;
  }
  std::string server_name = name;  // The macro SSL_set_tlsext_host_name would cast the C way.
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, server_name.data());
  SSL_set1_host(ssl, name.c_str());
}

std::string first_error() {
  std::array<char, 160> text{};
  ERR_error_string_n(ERR_peek_error(), text.data(), text.size());
  return text.data();
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* session) const {
  SSL_free(session);
}

TlsSession::TlsSession(const TlsContext& context, std::string_view server_name)
    : pipes_(std::make_unique<Pipes>()), ssl_(SSL_new(context.context_.get())) {
  check(ssl_ != nullptr);
  BIO* const bio = PipeBio::make(*pipes_);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (context.is_server()) {
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  if (!server_name.empty()) {
    expect_server(ssl_.get(), std::string(server_name));
  }
  advance_handshake();
}

void TlsSession::handle_ciphertext(Bytes ciphertext) {
  Pipes& pipes = *pipes_;
  if (pipes.incoming_read == pipes.incoming.size()) {
    pipes.incoming.clear();
    pipes.incoming_read = 0;
  }
  pipes.incoming.insert(pipes.incoming.end(), ciphertext.begin(), ciphertext.end());
  if (state_ == State::kHandshaking) {
    advance_handshake();
  }
}

void TlsSession::advance_handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    state_ = State::kOpen;
    return;
  }
  note_result(result);
}

std::size_t TlsSession::read(MutableBytes into) {
  if (state_ != State::kOpen) {
    return 0;
  }
  ERR_clear_error();
  std::size_t size = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
  if (pipes_->incoming_read == pipes_->incoming.size()) {
    pipes_->incoming = Buffer();
    pipes_->incoming_read = 0;
  }
  if (result != 1) {
    note_result(result);
    return 0;
  }
  return size;
}

void TlsSession::write(Bytes plaintext) {
  check(state_ == State::kOpen || state_ == State::kClosed);
  ERR_clear_error();
  while (!plaintext.empty()) {
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written);
    if (result != 1) {
      note_result(result);
      return;
    }
    plaintext = plaintext.subspan(written);
  }
}

void TlsSession::close() {
  if (state_ == State::kOpen || state_ == State::kClosed) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
}

std::size_t TlsSession::poll_ciphertext(MutableBytes into) {
  Pipes& pipes = *pipes_;
  const Bytes rest = Bytes(pipes.outgoing).subspan(pipes.outgoing_sent);
  const Bytes piece = rest.first(std::min(rest.size(), into.size()));
  std::ranges::copy(piece, into.begin());
  pipes.outgoing_sent += piece.size();
  if (pipes.outgoing_sent == pipes.outgoing.size()) {
    pipes.outgoing = Buffer();
    pipes.outgoing_sent = 0;
  }
  return piece.size();
}

void TlsSession::note_result(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return;
    case SSL_ERROR_ZERO_RETURN: state_ = State::kClosed; return;
    default:
      state_ = State::kFailed;
      failure_ = first_error();
      ERR_clear_error();
  }
}

bool TlsSession::resumed() const {
  return SSL_session_reused(ssl_.get()) == 1;
}

std::string_view TlsSession::protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

}  // namespace visavis::tls
