#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "json/document.hpp"
#include "json/utf8.hpp"

namespace visavis::json {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The value of four hexadecimal digits at the front of `text`.
std::optional<char32_t> hex4(std::string_view text) {
  std::uint16_t code = 0;
  const std::string_view four = text.substr(0, 4);
  const char* const end = std::from_chars(four.data(), four.data() + four.size(), code, 16).ptr;
  return end == text.data() + 4 ? std::optional<char32_t>(code) : std::nullopt;
}

/// `from_chars` leaves what a double cannot hold to us: JavaScript makes it Infinity or 0. Which of
/// the two, the power of ten of the first digit that is not zero says.
double beyond_double(std::string_view number) {
  const bool negative = number.front() == '-';
  const std::size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, exponent_at);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  // An exponent of more than 18 digits outweighs any mantissa that fits a message.
  std::int64_t exponent = 0;
  if (exponent_at < number.size()) {
    std::string_view power = number.substr(exponent_at + 1);
    const bool small = power.front() == '-';
    power.remove_prefix(small || power.front() == '+' ? 1 : 0);
    constexpr std::int64_t kHuge = 1'000'000'000'000'000'000;
    if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec != std::errc{}) {
      exponent = kHuge;
    }
    exponent = std::min(exponent, kHuge);
    exponent = small ? -exponent : exponent;
  }
  const auto magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  const double result = exponent + magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -result : result;
}

double to_double(std::string_view number) {
  double result = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), result);
  return error == std::errc::result_out_of_range ? beyond_double(number) : result;
}

/// Recursive descent over the grammar of RFC 8259 §2; what it reads goes into the document at once.
class Reader {
 public:
  explicit Reader(Document& document) : document_(document), text_(document.text) {}

  [[nodiscard]] bool read_text() {
    skip_space();
    if (!read_value(0)) {
      return false;
    }
    skip_space();
    return at_ == text_.size() || fail(ParseError::kSyntax);
  }

  [[nodiscard]] ParseError error() const { return error_; }

 private:
  using Node = Document::Node;

  [[nodiscard]] bool fail(ParseError error) {
    error_ = error;
    return false;
  }
  /// 0 at the end: no place of the grammar allows that character.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool take(char c) {
    if (peek() != c) {
      return false;
    }
    ++at_;
    return true;
  }
  void skip_space() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
      ++at_;
    }
  }

  void add(Node node, std::size_t begin) {
    node.begin = static_cast<std::uint32_t>(begin);
    node.end = static_cast<std::uint32_t>(at_);
    document_.nodes.push_back(node);
  }
  [[nodiscard]] std::uint32_t last_node() const {
    return static_cast<std::uint32_t>(document_.nodes.size() - 1);
  }

  // The recursion that follows ends at kDepthMax.
  // NOLINTBEGIN(misc-no-recursion)
  [[nodiscard]] bool read_value(std::size_t depth) {
    switch (peek()) {
      case '{': return read_object(depth + 1);
      case '[': return read_array(depth + 1);
      case '"': return read_string();
      case 't': return read_word("true", {.type = Type::kBool, .truth = true});
      case 'f': return read_word("false", {.type = Type::kBool});
      case 'n': return read_word("null", {});
      default: return read_number();
    }
  }

  [[nodiscard]] bool read_word(std::string_view word, const Node& node) {
    if (!text_.substr(at_).starts_with(word)) {
      return fail(ParseError::kSyntax);
    }
    at_ += word.size();
    add(node, at_ - word.size());
    return true;
  }

  [[nodiscard]] bool skip_digits() {
    const std::size_t begin = at_;
    while (is_digit(peek())) {
      ++at_;
    }
    return at_ > begin;
  }

  [[nodiscard]] bool read_number() {
    const std::size_t begin = at_;
    static_cast<void>(take('-'));
    if (!take('0') && !skip_digits()) {
      return fail(ParseError::kSyntax);
    }
    if (take('.') && !skip_digits()) {
      return fail(ParseError::kSyntax);
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        static_cast<void>(take('-'));
      }
      if (!skip_digits()) {
        return fail(ParseError::kSyntax);
      }
    }
    Node node{.type = Type::kNumber};
    node.number = to_double(text_.substr(begin, at_ - begin));
    add(node, begin);
    return true;
  }

  [[nodiscard]] bool read_array(std::size_t depth) {
    const std::size_t begin = at_++;
    const std::size_t pending = pending_.size();
    if (depth > kDepthMax) {
      return fail(ParseError::kTooDeep);
    }
    skip_space();
    if (!take(']')) {
      do {
        skip_space();
        if (!read_value(depth)) {
          return false;
        }
        pending_.push_back(last_node());
        skip_space();
      } while (take(','));
      if (!take(']')) {
        return fail(ParseError::kSyntax);
      }
    }
    add(container(Type::kArray, pending, pending_.size() - pending), begin);
    return true;
  }

  [[nodiscard]] bool read_object(std::size_t depth) {
    const std::size_t begin = at_++;
    const std::size_t pending = pending_.size();
    if (depth > kDepthMax) {
      return fail(ParseError::kTooDeep);
    }
    skip_space();
    if (!take('}')) {
      do {
        if (!read_member(depth)) {
          return false;
        }
      } while (take(','));
      if (!take('}')) {
        return fail(ParseError::kSyntax);
      }
    }
    drop_repeated_names(pending);
    add(container(Type::kObject, pending, (pending_.size() - pending) / 2), begin);
    return true;
  }

  [[nodiscard]] bool read_member(std::size_t depth) {
    skip_space();
    if (peek() != '"') {
      return fail(ParseError::kSyntax);
    }
    if (!read_string()) {
      return false;
    }
    pending_.push_back(last_node());
    skip_space();
    if (!take(':')) {
      return fail(ParseError::kSyntax);
    }
    skip_space();
    if (!read_value(depth)) {
      return false;
    }
    pending_.push_back(last_node());
    skip_space();
    return true;
  }

  // NOLINTEND(misc-no-recursion)

  /// A container whose children are those that wait from `pending` on.
  [[nodiscard]] Node container(Type type, std::size_t pending, std::size_t count) {
    Node node{.type = type};
    node.first = static_cast<std::uint32_t>(document_.children.size());
    node.count = static_cast<std::uint32_t>(count);
    const auto from = pending_.begin() + static_cast<std::ptrdiff_t>(pending);
    document_.children.insert(document_.children.end(), from, pending_.end());
    pending_.erase(from, pending_.end());
    return node;
  }

  /// A name given again puts its value in the place of the first (ECMAScript: an assignment).
  void drop_repeated_names(std::size_t pending) {
    const std::size_t count = (pending_.size() - pending) / 2;
    if (count < 2) {
      return;
    }
    const auto name = [&](std::size_t member) {
      return document_.characters(document_.nodes[pending_[pending + (2 * member)]]);
    };
    // Sorted, not hashed: nobody can choose names that make this slow.
    order_.resize(count);
    for (std::size_t member = 0; member < count; ++member) {
      order_[member] = member;
    }
    std::ranges::sort(order_, {},
                      [&](std::size_t member) { return std::pair(name(member), member); });
    if (std::ranges::adjacent_find(order_, {}, name) != order_.end()) {
      keep_first_of_each(pending, name);
    }
  }

  template <class Name>
  void keep_first_of_each(std::size_t pending, const Name& name) {
    std::vector<bool> again(order_.size());
    for (std::size_t i = order_.size() - 1; i > 0; --i) {
      if (name(order_[i]) == name(order_[i - 1])) {
        again[order_[i]] = true;
        // Backwards, so that the last value travels through all of its equals to the first.
        pending_[pending + (2 * order_[i - 1]) + 1] = pending_[pending + (2 * order_[i]) + 1];
      }
    }
    std::size_t kept = pending;
    for (std::size_t member = 0; member < again.size(); ++member) {
      if (!again[member]) {
        pending_[kept++] = pending_[pending + (2 * member)];
        pending_[kept++] = pending_[pending + (2 * member) + 1];
      }
    }
    pending_.resize(kept);
  }

  /// Most strings have no escape: they stay where they are in the text.
  [[nodiscard]] bool read_string() {
    const std::size_t begin = at_++;
    if (!skip_plain()) {
      return false;
    }
    Node node{.type = Type::kString};
    if (peek() == '"') {
      node.first = static_cast<std::uint32_t>(begin + 1);
      node.count = static_cast<std::uint32_t>(at_ - begin - 1);
      ++at_;
      add(node, begin);
      return true;
    }
    std::string& decoded = document_.decoded;
    node.decoded = true;
    node.first = static_cast<std::uint32_t>(decoded.size());
    decoded.append(text_.substr(begin + 1, at_ - begin - 1));
    while (!take('"')) {
      if (!read_escape()) {
        return false;
      }
      const std::size_t plain = at_;
      if (!skip_plain()) {
        return false;
      }
      decoded.append(text_.substr(plain, at_ - plain));
    }
    node.count = static_cast<std::uint32_t>(decoded.size() - node.first);
    add(node, begin);
    return true;
  }

  /// Up to a quotation mark or a backslash.
  [[nodiscard]] bool skip_plain() {
    while (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"' || byte == '\\') {
        return true;
      }
      if (byte < 0x20) {
        return fail(ParseError::kSyntax);  // RFC 8259 §7: control characters come escaped
      }
      if (byte < 0x80) {
        ++at_;
        continue;
      }
      const Character character = first_character(text_.substr(at_));
      if (character.size == 0 || character.is_surrogate()) {
        return fail(ParseError::kInvalidUtf8);
      }
      at_ += character.size;
    }
    return fail(ParseError::kSyntax);
  }

  [[nodiscard]] bool read_escape() {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++at_;  // the backslash
    if (take('u')) {
      return read_unicode_escape();
    }
    const std::size_t letter =
        at_ < text_.size() ? kLetters.find(text_[at_]) : std::string_view::npos;
    if (letter == std::string_view::npos) {
      return fail(ParseError::kSyntax);
    }
    ++at_;
    document_.decoded.push_back(kMeanings[letter]);
    return true;
  }

  [[nodiscard]] bool read_unicode_escape() {
    const std::optional<char32_t> code = hex4(text_.substr(at_));
    if (!code) {
      return fail(ParseError::kSyntax);
    }
    at_ += 4;
    char32_t character = *code;
    if (is_high_surrogate(character) && text_.substr(at_).starts_with("\\u")) {
      const std::optional<char32_t> low = hex4(text_.substr(at_ + 2));
      if (low && is_low_surrogate(*low)) {
        character = join_surrogates(character, *low);
        at_ += 6;
      }
    }
    append_character(document_.decoded, character);
    return true;
  }

  Document& document_;
  std::string_view text_;
  std::size_t at_ = 0;
  ParseError error_ = ParseError::kSyntax;
  std::vector<std::uint32_t> pending_;  // children of the containers that are still open
  std::vector<std::size_t> order_;
};

}  // namespace

std::expected<Value, ParseError> parse(std::string&& text) {
  // Half of what 32 bits count: decoded strings and nodes are never more than the text's bytes.
  if (text.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
    return std::unexpected(ParseError::kTooLarge);
  }
  auto document = std::make_shared<Document>();
  document->text = std::move(text);
  Reader reader(*document);
  if (!reader.read_text()) {
    return std::unexpected(reader.error());
  }
  return Document::root(std::move(document));
}

std::expected<Value, ParseError> parse(std::string_view text) {
  return parse(std::string(text));
}

}  // namespace visavis::json
