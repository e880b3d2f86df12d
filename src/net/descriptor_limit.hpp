#pragma once

namespace visavis::net {

/// Lets this process have as many descriptors as the system allows it at all: shells begin with
/// 1,024 of them, and every connection is one.
void raise_descriptor_limit();

}  // namespace visavis::net
