#include "client/conversation/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/temporary_directory.hpp"

namespace client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Command::Kind;

TEST(Command, IsTextWithoutAColon) {
  EXPECT_EQ(parse_command("hello world").kind, Kind::text);
  EXPECT_EQ(parse_command("hello world").argument, "hello world");
  EXPECT_EQ(parse_command(" :quit").argument, " :quit");
  EXPECT_EQ(parse_command("").kind, Kind::text);
}

TEST(Command, SendsAColonForTwo) {
  EXPECT_EQ(parse_command("::quit").kind, Kind::text);
  EXPECT_EQ(parse_command("::quit").argument, ":quit");
  EXPECT_EQ(parse_command("::").argument, ":");
}

TEST(Command, KnowsAllOfThem) {
  EXPECT_EQ(parse_command(":help").kind, Kind::help);
  EXPECT_EQ(parse_command(":stats").kind, Kind::stats);
  EXPECT_EQ(parse_command(":ping").kind, Kind::ping);
  EXPECT_EQ(parse_command(":send").kind, Kind::send);
  EXPECT_EQ(parse_command(":hex").kind, Kind::hex);
  EXPECT_EQ(parse_command(":close").kind, Kind::close);
  EXPECT_EQ(parse_command(":reconnect").kind, Kind::reconnect);
  EXPECT_EQ(parse_command(":quit").kind, Kind::quit);
}

TEST(Command, TakesItsArgumentWithoutSpacesAround) {
  EXPECT_EQ(parse_command(":ping  7 ").argument, "7");
  EXPECT_EQ(parse_command(":send a file.txt").argument, "a file.txt");
}

TEST(Command, SendsNothingForOneItDoesNotKnow) {
  EXPECT_EQ(parse_command(":pong").kind, Kind::unknown);
  EXPECT_EQ(parse_command(":pong 3").argument, ":pong");
  EXPECT_EQ(parse_command(":").kind, Kind::unknown);
  EXPECT_EQ(parse_command(":quitnow").kind, Kind::unknown);
}

TEST(Command, IsExplainedByTheHelp) {
  const auto names = completions(":").value();
  for (const auto& name : names)
    EXPECT_THAT(help_text(), testing::HasSubstr(name));
}

TEST(Completions, AreCommandsThatBeginSo) {
  EXPECT_THAT(completions(":s").value(), ElementsAre(":stats", ":send"));
  EXPECT_THAT(completions(":q").value(), ElementsAre(":quit"));
  EXPECT_EQ(completions("q"), std::nullopt);
  EXPECT_EQ(completions("::q"), std::nullopt);
  EXPECT_EQ(completions(""), std::nullopt);
  EXPECT_THAT(completions(":ping 1").value(), IsEmpty());
}

TEST(Completions, KnowTheWordsOfHex) {
  EXPECT_THAT(completions(":hex ").value(), ElementsAre("off", "on"));
  EXPECT_THAT(completions(":hex on").value(), ElementsAre("on"));
}

TEST(Completions, AreFilesAfterSend) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "deeper");
  folder.write("data 1", "x");
  folder.write("data 2", "x");
  const auto path = folder.path().string() + "/";
  EXPECT_THAT(completions(":send " + path + "data").value(),
              ElementsAre(path + "data 1", path + "data 2"));
  EXPECT_THAT(completions(":send " + path + "dee").value(), ElementsAre(path + "deeper/"));
  EXPECT_THAT(completions(":send " + path + "nothing/at/all").value(), IsEmpty());
}

}  // namespace
}  // namespace client
