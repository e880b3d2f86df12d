#pragma once

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace visavis::app {

/// A directory for one test, gone with it.
class TestDirectory {
 public:
  TestDirectory() : path_(std::filesystem::temp_directory_path() / "visavis-test-XXXXXX") {
    std::string pattern = path_.string();
    path_ = ::mkdtemp(pattern.data());
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() { std::filesystem::remove_all(path_); }

  /// Returns the whole path.
  std::string put(std::string_view name, std::string_view text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace visavis::app
