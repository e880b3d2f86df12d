#include <openssl/bio.h>

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "dtls/identity_context.hpp"

namespace visavis::dtls {
namespace {

DatagramPort& port_of(BIO* bio) {
  return *static_cast<DatagramPort*>(BIO_get_data(bio));
}

int read_datagram(BIO* bio, char* into, int size) {
  DatagramPort& port = port_of(bio);
  BIO_clear_retry_flags(bio);
  if (port.incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(port.incoming.size(), static_cast<std::size_t>(size));
  std::memcpy(into, port.incoming.data(), count);
  port.incoming = {};
  return static_cast<int>(count);
}

int write_datagram(BIO* bio, const char* from, int size) {
  port_of(bio).outgoing.push_back(
      to_buffer(std::string_view(from, static_cast<std::size_t>(size))));
  return size;
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

}  // namespace

bio_method_st* new_datagram_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
  check(method != nullptr);
  BIO_meth_set_read(method, read_datagram);
  BIO_meth_set_write(method, write_datagram);
  BIO_meth_set_ctrl(method, control);
  BIO_meth_set_create(method, create);
  return method;
}

}  // namespace visavis::dtls
