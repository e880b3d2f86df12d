// For json.test.mjs: reads texts from standard input, each behind its length (32 bits, big-endian),
// and answers each in the same form with the text written anew, or with nothing if it is no JSON.

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace {

using namespace visavis;

std::optional<std::string> read_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  return std::fread(bytes.data(), 1, count, stdin) == count ? std::optional(std::move(bytes))
                                                            : std::nullopt;
}

std::optional<std::string> read_text() {
  const std::optional<std::string> size = read_bytes(4);
  return size ? read_bytes(ByteReader(as_bytes(*size)).u32()) : std::nullopt;
}

void write_text(const std::string& text) {
  Buffer size(4);
  ByteWriter(size).u32(static_cast<std::uint32_t>(text.size()));
  std::fwrite(size.data(), 1, size.size(), stdout);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

int main() {
  while (const std::optional<std::string> text = read_text()) {
    json::Writer writer;
    if (const auto value = json::parse(*text)) {
      writer.rewritten(*value);
    }
    write_text(writer.text());
  }
  return 0;
}
