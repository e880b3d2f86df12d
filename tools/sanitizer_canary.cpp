// Does what a sanitizer must stop: `sanitizer_canary address|undefined|thread`. `./dev sanitize`
// runs it first: where it ends well, the build has no sanitizer, and its tests prove nothing.
#include <cstdio>
#include <limits>
#include <string_view>
#include <thread>
#include <vector>

namespace {

int read_after_free(int count) {
  auto* numbers = new std::vector<int>(static_cast<std::size_t>(count));
  const int* first = numbers->data();
  delete numbers;
  return *first;
}

int overflow(int count) {
  return std::numeric_limits<int>::max() + count;
}

int race(int count) {
  int shared = 0;
  std::thread other([&] { shared += count; });
  shared += count;
  other.join();
  return shared;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view fault = argc > 1 ? argv[1] : "";
  int result = 0;
  if (fault == "address") {
    result = read_after_free(argc);
  } else if (fault == "undefined") {
    result = overflow(argc);
  } else if (fault == "thread") {
    result = race(argc);
  } else {
    return 2;
  }
  std::printf("%d\n", result);
  return 0;
}
