#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "http/message.hpp"

namespace visavis::engineio {

/// The client that pages load from the server: the files of npm's `socket.io/client-dist`,
/// answered as Node's server answers them, with the version as their entity tag.
///
/// gzip and deflate are made once, at the start; Brotli is answered where a file "NAME.br" came
/// with the others.
class ClientFiles {
 public:
  using File = std::pair<std::string, Buffer>;  ///< its name and what is in it

  /// The names that Node's server serves; those with ".br" behind them may come, too.
  [[nodiscard]] static const std::vector<std::string>& names();

  ClientFiles() = default;
  /// Files of other names are left out. The version is read from their first lines.
  explicit ClientFiles(std::vector<File> files);

  [[nodiscard]] bool has(std::string_view name) const { return files_.contains(name); }
  /// The answer to a GET or HEAD of a file that is there.
  [[nodiscard]] http::Response answer(const http::Request& request, std::string_view name) const;
  /// "4.8.4"; empty when no file tells it.
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  struct Variants {
    SharedBytes plain;
    SharedBytes brotli;  ///< null: none
    SharedBytes gzip;
    SharedBytes deflate;
  };

  std::map<std::string, Variants, std::less<>> files_;
  std::string version_;
};

}  // namespace visavis::engineio
