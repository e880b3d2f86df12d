#pragma once

#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace visavis::net {

using NamedFile = std::pair<std::string, Buffer>;

/// Those of `names` that are in `directory`, each followed by its "NAME.br" if there is one. An
/// error when none is there, or one cannot be read.
[[nodiscard]] std::expected<std::vector<NamedFile>, Error> read_files(
    const std::string& directory, std::span<const std::string> names);

}  // namespace visavis::net
