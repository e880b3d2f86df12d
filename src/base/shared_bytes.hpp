#pragma once

#include <memory>
#include <utility>

#include "base/bytes.hpp"

namespace visavis {

/// Bytes that several connections send: a broadcast is framed once, and every socket's queue shares
/// the one frame until the last has sent it. Never changed after it was made.
using SharedBytes = std::shared_ptr<const Buffer>;

[[nodiscard]] inline SharedBytes share(Buffer bytes) {
  return std::make_shared<const Buffer>(std::move(bytes));
}

}  // namespace visavis
