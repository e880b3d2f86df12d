#pragma once

#include <string>

namespace visavis {

/// An operating error of ours (configuration, sockets, files): one sentence for the person who runs
/// the server, saying what is wrong and what to do. A peer's bad bytes have small enums instead.
struct Error {
  std::string text;
};

}  // namespace visavis
