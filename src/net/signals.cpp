#include "net/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/check.hpp"

namespace visavis::net {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set{};
  sigemptyset(&set);
  for (const int signal : signals) {
    sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  check(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

SignalWatch::SignalWatch(Reactor& reactor, std::initializer_list<int> signals,
                         std::move_only_function<void(Instant, int)> handler)
    : handler_(std::move(handler)) {
  const sigset_t set = set_of(signals);
  signals_ = FileDescriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  check(signals_.is_open());
  watch_ = reactor.watch(signals_.value(), Interest::kRead, [this](Instant now, Ready) {
    signalfd_siginfo arrived{};
    while (::read(signals_.value(), &arrived, sizeof(arrived)) == sizeof(arrived)) {
      handler_(now, static_cast<int>(arrived.ssi_signo));
    }
  });
}

}  // namespace visavis::net
