#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace visavis::json {

/// One parsed text: its bytes, and where in them each value stands. Made by `parse()`, then never
/// changed.
class Document {
 public:
  /// Offsets are 32 bits wide: a message is far smaller than 4 GB, and there is one node a value.
  struct Node {
    Type type = Type::kNull;
    bool truth = false;    ///< a bool's
    bool decoded = false;  ///< a string's: its characters stand in `decoded`, not in `text`
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t first = 0;  ///< characters: an offset; children: an index into `children`
    std::uint32_t count = 0;  ///< characters, elements or members
    double number = 0;
  };

  std::string text;
  std::string decoded;                  ///< the strings that had escapes, one after another
  std::vector<Node> nodes;              ///< a container stands behind all that is in it
  std::vector<std::uint32_t> children;  ///< an array's nodes; an object's names and values in turn

  [[nodiscard]] std::string_view characters(const Node& node) const {
    return std::string_view(node.decoded ? decoded : text).substr(node.first, node.count);
  }
  [[nodiscard]] static Value root(std::shared_ptr<const Document> document) {
    const auto last = static_cast<std::uint32_t>(document->nodes.size() - 1);
    return {std::move(document), last};
  }
};

}  // namespace visavis::json
