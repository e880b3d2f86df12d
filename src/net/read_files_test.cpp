#include "net/read_files.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace visavis::net {
namespace {

TEST(ReadFilesTest, GivesThoseThatAreThereAndTheirPackedForms) {
  const std::string directory = testing::TempDir() + "visavis_read_files_test";
  std::filesystem::create_directory(directory);
  for (const std::string name : {"a.js", "a.js.br", "b.js", "c.js"}) {
    std::ofstream(directory + "/" + name) << "is " << name;
  }
  const std::array<std::string, 3> names = {"a.js", "b.js", "none.js"};
  const auto files = read_files(directory, names);
  ASSERT_TRUE(files);
  std::string text;
  for (const auto& [name, bytes] : *files) {
    text.append(name).append(" ").append(as_text(bytes)).append("; ");
  }
  EXPECT_EQ(text, "a.js is a.js; a.js.br is a.js.br; b.js is b.js; ");
  std::filesystem::remove_all(directory);
  EXPECT_FALSE(read_files(directory, names));
}

}  // namespace
}  // namespace visavis::net
