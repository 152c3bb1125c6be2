#include "client/output/output_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/temporary_directory.hpp"

namespace client {
namespace {

class AnOutputFile : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TemporaryDirectory directory_;
  std::string path_ = (directory_ / "file").string();
};

TEST_F(AnOutputFile, HasWhatWasWrittenAndNothingElse) {
  std::ofstream(path_) << "much more than what comes next";
  OutputFile file(path_);
  EXPECT_FALSE(file.open());
  EXPECT_FALSE(file.write("new"));
  EXPECT_EQ(content(), "new");
}

TEST_F(AnOutputFile, KeepsWhatWasInItWhereNothingIsWritten) {
  std::ofstream(path_) << "old";
  {
    OutputFile file(path_);
    EXPECT_FALSE(file.open());
  }
  EXPECT_EQ(content(), "old");
}

TEST_F(AnOutputFile, IsNotLeftBehindWhereNothingIsWritten) {
  {
    OutputFile file(path_);
    EXPECT_FALSE(file.open());
    EXPECT_TRUE(std::filesystem::exists(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(AnOutputFile, IsMadeWhereALinkLeadsAndTheLinkStays) {
  std::filesystem::create_symlink("file", directory_ / "link");
  std::filesystem::create_symlink(directory_ / "link", directory_ / "link to the link");
  const auto link = (directory_ / "link to the link").string();
  {
    OutputFile file(link);
    EXPECT_FALSE(file.open());
    EXPECT_TRUE(std::filesystem::exists(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  OutputFile file(link);
  EXPECT_FALSE(file.open());
  EXPECT_FALSE(file.write("new"));
  EXPECT_EQ(content(), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(AnOutputFile, IsKnownAtOnceNotToBeWritable) {
  const auto error_of = [](const std::string& path) { return OutputFile(path).open().value(); };
  EXPECT_EQ(error_of(path_ + "/no/such/folder"), ENOENT);
  EXPECT_EQ(error_of((directory_ / "").string()), EISDIR);
  EXPECT_EQ(error_of(""), ENOENT);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(error_of(path_), ENXIO) << "nobody reads";
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(AnOutputFile, ReportsADiskThatIsFull) {
  OutputFile file("/dev/full");
  EXPECT_FALSE(file.open());
  EXPECT_EQ(file.write("x").value(), ENOSPC);
}

}  // namespace
}  // namespace client
