#pragma once

#include "base/bytes.hpp"
#include "base/route.hpp"

namespace visavis {

/// What has arrived. Its bytes are somebody else's, who lends them for a call.
struct Datagram {
  Route route;
  MutableBytes bytes;
};

}  // namespace visavis
