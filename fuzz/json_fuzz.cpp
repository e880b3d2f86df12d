#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace {

std::string rewritten(const visavis::json::Value& value) {
  visavis::json::Writer writer;
  writer.rewritten(value);
  return std::move(writer).text();
}

}  // namespace

// What parses can be written, parses again, and is then written the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto value = visavis::json::parse(text)) {
    visavis::check(value->raw().size() <= size);
    const std::string once = rewritten(*value);
    const auto again = visavis::json::parse(once);
    visavis::check(again.has_value() && rewritten(*again) == once);
  }
  return 0;
}
