#include "http/request_reader.hpp"

// Boost's bridge to std::error_code has a locked table, and a core has no locks.
#define BOOST_NO_CXX11_HDR_SYSTEM_ERROR  // NOLINT(cppcoreguidelines-macro-usage)
#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>
#include <utility>

#include "http/chunked_body.hpp"

namespace visavis::http {
namespace {

namespace beast = boost::beast;

/// Room that is set aside for a header before it is read.
constexpr std::size_t kUsualHeaderBytes = 1024;

std::string_view view_of(beast::string_view view) {
  return {view.data(), view.size()};
}

/// One host and its port, and nothing by which a reader might find another one in it: a list, a
/// path, a user (RFC 9112 §3.2, RFC 3986 §3.2.2). Empty where the target has no authority.
bool is_host(std::string_view value) {
  return std::ranges::none_of(value, [](char letter) {
    return letter <= ' ' || letter == ',' || letter == ';' || letter == '/' || letter == '\\' ||
           letter == '?' || letter == '#' || letter == '@';
  });
}

/// What the fields of a header say of the body's length (RFC 9112 §6.1, §6.3).
class Framing {
 public:
  void add_length(std::string_view value) {
    ++lengths_;
    clear_ = clear_ && value.find_first_not_of("0123456789") == std::string_view::npos;
  }
  void add_coding(std::string_view value) {
    ++codings_;
    clear_ = clear_ && equal_ignoring_case(value, "chunked");
  }
  /// Whether it can be read in one way only.
  [[nodiscard]] bool is_clear(unsigned minor_version) const {
    return clear_ && lengths_ + codings_ <= 1 && (codings_ == 0 || minor_version == 1);
  }

 private:
  std::size_t lengths_ = 0;
  std::size_t codings_ = 0;
  bool clear_ = true;
};

/// Puts the header that Beast has understood straight into a request. Beast sees no body: its
/// chunk reader (Boost 1.74) aborts the program when the last chunk comes in pieces.
class Parser : public beast::http::basic_parser<true> {
 public:
  explicit Parser(Request& request) : request_(request) {}
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() override = default;

  [[nodiscard]] const Framing& framing() const { return framing_; }
  [[nodiscard]] std::size_t hosts() const { return hosts_; }

 private:
  using View = beast::string_view;
  using ErrorCode = beast::error_code;

  // Beast prescribes the names.
  // NOLINTBEGIN(readability-identifier-naming)
  void on_request_impl(beast::http::verb /*method*/, View method, View target, int version,
                       ErrorCode& /*error*/) override {
    request_.method = view_of(method);
    request_.target = view_of(target);
    request_.minor_version = static_cast<unsigned>(version) % 10;
  }
  void on_field_impl(beast::http::field known, View name, View value,
                     ErrorCode& /*error*/) override {
    request_.headers.add(view_of(name), view_of(value));
    switch (known) {
      case beast::http::field::host: hosts_ += is_host(view_of(value)) ? 1U : 2U; break;
      case beast::http::field::content_length: framing_.add_length(view_of(value)); break;
      case beast::http::field::transfer_encoding: framing_.add_coding(view_of(value)); break;
      default: break;
    }
  }
  void on_header_impl(ErrorCode& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         ErrorCode& /*error*/) override {}
  std::size_t on_body_impl(View /*part*/, ErrorCode& /*error*/) override { return 0; }
  void on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/,
                            ErrorCode& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, View /*part*/,
                                 ErrorCode& /*error*/) override {
    return 0;
  }
  void on_finish_impl(ErrorCode& /*error*/) override {}
  void on_response_impl(int /*code*/, View /*reason*/, int /*version*/,
                        ErrorCode& /*error*/) override {}
  // NOLINTEND(readability-identifier-naming)

  Request& request_;
  Framing framing_;
  std::size_t hosts_ = 0;  ///< one that is none counts as two
};

unsigned status_for(const beast::error_code& error) {
  if (error == beast::http::error::header_limit) {
    return 431;
  }
  return error == beast::http::error::bad_version ? 505 : 400;
}

/// Gone from HTTP/1.1, and understood differently ever since (RFC 9112 §5.2).
bool has_folded_line(std::string_view header) {
  std::size_t line = header.find('\n');
  while (line != std::string_view::npos && line + 1 < header.size()) {
    if (header[line + 1] == ' ' || header[line + 1] == '\t') {
      return true;
    }
    line = header.find('\n', line + 1);
  }
  return false;
}

}  // namespace

struct RequestReader::State {
  explicit State(std::size_t bytes_max) : header_bytes_max(bytes_max) { restart(); }

  void restart() {
    // Their room is used again: what `take` gave has its own.
    request.method.clear();
    request.target.clear();
    request.headers.clear();
    request.body = {};
    request.minor_version = 1;
    made.emplace(request);
    parser().header_limit(static_cast<std::uint32_t>(header_bytes_max));
    // "No limit" is taken for 0 by this version; the one that counts is ours.
    parser().body_limit(std::numeric_limits<std::uint64_t>::max());
    chunks = ChunkedBody();
    body_bytes_max = std::numeric_limits<std::size_t>::max();
    header_bytes = 0;
    body_left = 0;
    has_head = false;
    is_chunked = false;
    is_done = false;
  }
  [[nodiscard]] Parser& parser() {
    return *made;  // NOLINT(bugprone-unchecked-optional-access): `restart` makes one first of all
  }

  Request request;
  std::optional<Parser> made;  ///< one for each request
  ChunkedBody chunks;
  std::size_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
  std::size_t header_bytes_max;
  std::uint64_t body_left = 0;  ///< of Content-Length
  bool has_head = false;
  bool is_chunked = false;
  bool is_done = false;
};

RequestReader::RequestReader(std::size_t header_bytes_max)
    : state_(std::make_unique<State>(header_bytes_max)) {}

RequestReader::~RequestReader() = default;

void RequestReader::restart() {
  state_->restart();
}

std::expected<RequestReader::Progress, unsigned> RequestReader::read(Bytes& input) {
  if (state_->has_head) {
    return read_body(input);
  }
  while (!input.empty()) {
    const auto waits = put(input);
    if (!waits) {
      return std::unexpected(waits.error());
    }
    if (state_->parser().is_header_done()) {
      return finish_head();
    }
    if (*waits) {
      break;
    }
  }
  return Progress::kNeedMore;
}

/// Whether the parser waits for the end of a line that has begun.
std::expected<bool, unsigned> RequestReader::put(Bytes& input) {
  constexpr std::size_t kUsualFields = 16;
  state_->request.headers.reserve(kUsualFields, std::min(input.size(), kUsualHeaderBytes));
  beast::error_code error;
  const std::size_t used = state_->parser().put({input.data(), input.size()}, error);
  if (has_folded_line(as_text(input.first(used)))) {
    return std::unexpected(400U);
  }
  input = input.subspan(used);
  state_->header_bytes += used;
  const bool waits = error == beast::http::error::need_more;
  if (state_->header_bytes + (waits ? input.size() : 0) > state_->header_bytes_max) {
    return std::unexpected(431U);
  }
  if (error && !waits) {
    return std::unexpected(status_for(error));
  }
  return waits;
}

/// The body grows with what arrives: a Content-Length of a megabyte costs nothing until it is here.
std::expected<RequestReader::Progress, unsigned> RequestReader::read_body(Bytes& input) {
  State& state = *state_;
  Buffer& body = state.request.body;
  if (state.is_chunked) {
    const auto whole = state.chunks.read(
        input, body,
        {.body_bytes_max = state.body_bytes_max, .framing_bytes_max = state.header_bytes_max});
    if (!whole) {
      return std::unexpected(whole.error());
    }
    state.is_done = *whole;
  } else {
    const Bytes part = input.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(state.body_left, input.size())));
    body.insert(body.end(), part.begin(), part.end());
    input = input.subspan(part.size());
    state.body_left -= part.size();
    state.is_done = state.body_left == 0;
  }
  return state.is_done ? Progress::kComplete : Progress::kNeedMore;
}

std::expected<RequestReader::Progress, unsigned> RequestReader::finish_head() {
  const Request& request = state_->request;
  state_->has_head = true;

  const std::size_t hosts = state_->parser().hosts();
  const bool bad_host = hosts > 1 || (hosts == 0 && request.minor_version == 1);
  const bool bad_target = !request.path().starts_with('/') && request.target != "*";
  if (!state_->parser().framing().is_clear(request.minor_version) || bad_host || bad_target) {
    return std::unexpected(400U);
  }
  state_->is_chunked = state_->parser().chunked();
  state_->body_left = state_->parser().content_length().value_or(0);
  state_->is_done = !state_->is_chunked && state_->body_left == 0;
  return Progress::kHead;
}

std::expected<void, unsigned> RequestReader::limit_body(std::size_t bytes_max) {
  if (state_->body_left > bytes_max) {
    return std::unexpected(413U);
  }
  state_->body_bytes_max = bytes_max;
  return {};
}

const Request& RequestReader::head() const {
  return state_->request;
}

bool RequestReader::is_done() const {
  return state_->is_done;
}

bool RequestReader::keep_alive() const {
  return state_->parser().keep_alive();
}

bool RequestReader::expects_continue() const {
  return state_->request.minor_version == 1 &&
         state_->request.headers.has_token("Expect", "100-continue");
}

std::size_t RequestReader::body_size() const {
  return state_->request.body.size();
}

Request RequestReader::take() {
  Buffer body = std::move(state_->request.body);
  Request taken = state_->request;  // The rest is read into again, with the room that it has.
  taken.body = std::move(body);
  return taken;
}

}  // namespace visavis::http
