// OpenSSL 3 marks its old way to replace the generator as deprecated; a provider of our own would
// be ten times the code for the same effect.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "dtls/seeded_openssl.hpp"

#include <openssl/rand.h>

#include "base/check.hpp"
#include "base/random.hpp"

namespace visavis::dtls {
namespace {

// OpenSSL's generator has no argument to carry this. (Simulation programs have one thread.)
Random seeded(0);    // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
bool alive = false;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

int fill(unsigned char* into, int size) {
  for (int i = 0; i < size; ++i) {
    into[i] = static_cast<unsigned char>(seeded.next());
  }
  return 1;
}
int is_seeded() {
  return 1;
}

const RAND_METHOD kMethod{
    .seed = nullptr,
    .bytes = fill,
    .cleanup = nullptr,
    .add = nullptr,
    .pseudorand = fill,
    .status = is_seeded,
};

}  // namespace

SeededOpenssl::SeededOpenssl(std::uint64_t seed) {
  check(!alive);
  alive = true;
  seeded = Random(seed);
  check(RAND_set_rand_method(&kMethod) == 1);
}

SeededOpenssl::~SeededOpenssl() {
  RAND_set_rand_method(nullptr);
  alive = false;
}

}  // namespace visavis::dtls
