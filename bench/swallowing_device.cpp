#include "swallowing_device.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace visavis::bench {
namespace {

// Since Linux 6.2; Debian's headers are older than the kernels it may run on.
constexpr unsigned kTunUso4 = 0x20;
constexpr unsigned kTunUso6 = 0x40;

ifreq request_for(const char* name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return request;
}

bool set_address(int control, const char* name, unsigned long which, const char* address) {
  ifreq request = request_for(name);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  inet_pton(AF_INET, address, &at.sin_addr);
  std::memcpy(&request.ifr_addr, &at, sizeof(at));
  return ioctl(control, which, &request) == 0;
}

bool bring_up(int control, const char* name) {
  ifreq request = request_for(name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(control, SIOCSIFFLAGS, &request) == 0;
}

bool enter_own_network() {
  return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

}  // namespace

// Nobody reads the device: what it is given beyond its short queue is dropped.
SwallowingDevice::SwallowingDevice() {
  if (!enter_own_network()) {
    return;
  }
  device_ = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request = request_for("swallow");
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  ready_ = device_ >= 0 && ioctl(device_, TUNSETIFF, &request) == 0;
  takes_runs_ = ready_ && ioctl(device_, TUNSETOFFLOAD, TUN_F_CSUM | kTunUso4 | kTunUso6) == 0;
  if (ready_ && !takes_runs_) {
    ioctl(device_, TUNSETOFFLOAD, TUN_F_CSUM);
  }
  ready_ = ready_ && bring_up(control, "lo") &&
           set_address(control, "swallow", SIOCSIFADDR, "10.99.0.1") &&
           set_address(control, "swallow", SIOCSIFNETMASK, "255.255.0.0") &&
           bring_up(control, "swallow");
  close(control);
}

SwallowingDevice::~SwallowingDevice() {
  if (device_ >= 0) {
    close(device_);
  }
}

}  // namespace visavis::bench
