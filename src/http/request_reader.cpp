#include "http/request_reader.hpp"

// Boost's bridge to std::error_code has a locked table, and a core has no locks.
#define BOOST_NO_CXX11_HDR_SYSTEM_ERROR  // NOLINT(cppcoreguidelines-macro-usage)
#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <limits>
#include <utility>

namespace visavis::http {
namespace {

namespace beast = boost::beast;

/// Grows with what arrives: a Content-Length of a megabyte costs nothing until the bytes are here.
struct GrowingBody {
  using value_type = Buffer;

  static std::uint64_t size(const value_type& body) { return body.size(); }

  // Beast prescribes the names, and that the functions are members.
  // NOLINTBEGIN(readability-identifier-naming,readability-convert-member-functions-to-static)
  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(beast::http::header<kIsRequest, Fields>& /*header*/, value_type& body) : body_(&body) {}

    void init(const boost::optional<std::uint64_t>& /*length*/, beast::error_code& error) {
      error = {};
    }
    std::size_t put(const boost::asio::const_buffer& part, beast::error_code& error) {
      error = {};
      const auto* const data = static_cast<const std::byte*>(part.data());
      body_->insert(body_->end(), data, data + part.size());
      return part.size();
    }
    void finish(beast::error_code& error) { error = {}; }

   private:
    value_type* body_;
  };
  // NOLINTEND(readability-identifier-naming,readability-convert-member-functions-to-static)
};

/// Of framing for a byte of the body.
constexpr std::size_t kChunkBytesMax = 8;

using Parser = beast::http::request_parser<GrowingBody>;

unsigned status_for(const beast::error_code& error) {
  if (error == beast::http::error::header_limit) {
    return 431;
  }
  if (error == beast::http::error::body_limit) {
    return 413;
  }
  return error == beast::http::error::bad_version ? 505 : 400;
}

std::string_view view_of(beast::string_view view) {
  return {view.data(), view.size()};
}

/// "http://host/path" as proxies send it (RFC 9112 §3.2.2) is cut to "/path".
std::string_view origin_form(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) {
    return target;
  }
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

/// Gone from HTTP/1.1, and understood differently ever since (RFC 9112 §5.2).
bool has_folded_line(std::string_view header) {
  return header.find("\r\n ") != std::string_view::npos ||
         header.find("\r\n\t") != std::string_view::npos;
}

/// Whether the body's length can be read in one way only (RFC 9112 §6.1, §6.3).
bool has_clear_length(const Request& request) {
  const Headers& headers = request.headers;
  const auto length = headers.find("Content-Length");
  if (length && (headers.count("Content-Length") > 1 ||
                 length->find_first_not_of("0123456789") != std::string_view::npos)) {
    return false;
  }
  const auto coding = headers.find("Transfer-Encoding");
  return !coding || (!length && headers.count("Transfer-Encoding") == 1 &&
                     request.minor_version == 1 && equal_ignoring_case(*coding, "chunked"));
}

}  // namespace

struct RequestReader::State {
  Parser parser;
  Request request;
  std::size_t header_bytes = 0;
  std::size_t chunk_bytes = 0;  ///< of the body's framing: sizes, extensions, trailers
  std::size_t header_bytes_max = 0;
  bool has_head = false;
};

RequestReader::RequestReader(std::size_t header_bytes_max) : state_(std::make_unique<State>()) {
  state_->header_bytes_max = header_bytes_max;
  state_->parser.header_limit(static_cast<std::uint32_t>(header_bytes_max));
  // "No limit" is taken for 0 by this version; `limit_body` sets the one that counts.
  state_->parser.body_limit(std::numeric_limits<std::uint64_t>::max());
}

RequestReader::~RequestReader() = default;

std::expected<RequestReader::Progress, unsigned> RequestReader::read(Bytes& input) {
  const Parser& parser = state_->parser;
  while (!parser.is_done() && !input.empty()) {
    const auto waits = put(input);
    if (!waits) {
      return std::unexpected(waits.error());
    }
    if (*waits) {
      return Progress::kNeedMore;
    }
    if (!state_->has_head && parser.is_header_done()) {
      return finish_head();
    }
  }
  return parser.is_done() ? Progress::kComplete : Progress::kNeedMore;
}

/// Whether the parser waits for the end of a line that has begun.
std::expected<bool, unsigned> RequestReader::put(Bytes& input) {
  const bool in_header = !state_->parser.is_header_done();
  const std::size_t body_before = body_size();
  beast::error_code error;
  const std::size_t used = state_->parser.put({input.data(), input.size()}, error);
  if (in_header && has_folded_line(as_text(input.first(used)))) {
    return std::unexpected(400U);
  }
  input = input.subspan(used);
  state_->header_bytes += in_header ? used : 0;
  state_->chunk_bytes += in_header ? 0 : used - (body_size() - body_before);

  const bool waits = error == beast::http::error::need_more;
  // What waits belongs to the header, or is a chunk's first line or a trailer.
  const std::size_t held = (in_header ? state_->header_bytes : 0) + (waits ? input.size() : 0);
  if (held > state_->header_bytes_max) {
    return std::unexpected(in_header ? 431U : 400U);
  }
  if (error && !waits) {
    return std::unexpected(status_for(error));
  }
  // A chunk of one byte has five around it; what is more are extensions, which nobody uses.
  if (state_->chunk_bytes > state_->header_bytes_max + (kChunkBytesMax * body_size())) {
    return std::unexpected(400U);
  }
  return waits;
}

std::expected<RequestReader::Progress, unsigned> RequestReader::finish_head() {
  const auto& message = state_->parser.get();
  Request& request = state_->request;
  constexpr std::size_t kUsualFields = 16;
  request.headers.reserve(kUsualFields, state_->header_bytes);
  for (const auto& field : message) {
    request.headers.add(view_of(field.name_string()), view_of(field.value()));
  }
  request.method = view_of(message.method_string());
  request.target = view_of(message.target());
  request.minor_version = message.version() % 10;
  const std::string_view path = origin_form(request.target);
  const std::size_t question = std::min(path.find('?'), path.size());
  request.path = path.substr(0, question);
  request.query = path.substr(std::min(question + 1, path.size()));
  state_->has_head = true;

  const std::size_t hosts = request.headers.count("Host");
  const bool bad_host = hosts > 1 || (hosts == 0 && request.minor_version == 1);
  const bool bad_target = !request.path.starts_with('/') && request.target != "*";
  if (!has_clear_length(request) || bad_host || bad_target) {
    return std::unexpected(400U);
  }
  return Progress::kHead;
}

std::expected<void, unsigned> RequestReader::limit_body(std::size_t bytes_max) {
  const auto length = state_->parser.content_length();
  if (length && *length > bytes_max) {
    return std::unexpected(413U);
  }
  state_->parser.body_limit(bytes_max);
  return {};
}

const Request& RequestReader::head() const {
  return state_->request;
}

bool RequestReader::is_done() const {
  return state_->parser.is_done();
}

bool RequestReader::keep_alive() const {
  return state_->parser.keep_alive();
}

bool RequestReader::expects_continue() const {
  return state_->request.minor_version == 1 &&
         state_->request.headers.has_token("Expect", "100-continue");
}

std::size_t RequestReader::body_size() const {
  return state_->parser.get().body().size();
}

Request RequestReader::take() {
  state_->request.body = std::move(state_->parser.get().body());
  return std::move(state_->request);
}

}  // namespace visavis::http
