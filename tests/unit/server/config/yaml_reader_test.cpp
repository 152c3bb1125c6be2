#include "server/config/yaml_reader.hpp"

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/config/config_error.hpp"

namespace server {
namespace {

using testing::StartsWith;
using namespace std::string_literals;

// "KEY=VALUE,VALUE" for each entry, or the error.
std::string read(std::string_view yaml) {
  std::string all;
  try {
    for (const Entry& entry : read_yaml(yaml, "c.yaml")) {
      all += (all.empty() ? "" : " ") + entry.key;
      char separator = '=';
      for (const Value& value : entry.values) {
        all += separator + value.text;
        separator = ',';
      }
    }
  } catch (const ConfigError& error) {
    return error.what();
  }
  return all;
}

const std::string no_end = "has a quote without its end on the same line";
const std::string several_lines = "goes on over several lines, write it on one";
const std::string block = "has a block of text (| or >), write the value on one line";

TEST(ReadYaml, AQuoteWithoutItsEndSwallowsNothing) {
  EXPECT_EQ("c.yaml:2: key 'log.file': " + no_end,
            read("log:\n  file: \"/a\n  payload: 0\nport: 7\n"));
  EXPECT_EQ("c.yaml:2: key 'log.file': " + no_end,
            read("log:\n  file: '/a\n  payload: 0\nport: 7\n"));
  EXPECT_EQ("c.yaml:1: key 'unix': " + no_end, read("unix: \"/a\\\"\nport: 7\n"));
  EXPECT_EQ("c.yaml:1: key 'unix': " + no_end, read("unix: 'it''s\nport: 7\n"));
  EXPECT_EQ("c.yaml:2: key 'unix': " + no_end, read("unix:\n  \"/a\nport: 7\n"));
  EXPECT_EQ("c.yaml:1: key 'host': " + no_end, read("host: [a, \"b, c]\n"));
  EXPECT_EQ("c.yaml:3: key 'host': " + no_end, read("host:\n  - a\n  - 'b\nport: 7\n"));
  EXPECT_EQ("c.yaml:2: " + no_end, read("port: 7\n\"log: 5\nbacklog: 5\n"));
}

TEST(ReadYaml, AQuoteThatALaterOneEndsSwallowsNothing) {
  EXPECT_EQ("c.yaml:1: key 'unix': " + no_end, read("unix: \"/a\nport: 7 # the \"\nbacklog: 5\n"));
  EXPECT_EQ("c.yaml:1: key 'unix': " + no_end, read("unix: '/a\n\n\n  port: 7'\nbacklog: 5\n"));
  EXPECT_EQ("c.yaml:1: key 'unix': " + no_end, read("unix: \"/a\\\n  b\"\n"));
}

TEST(ReadYaml, ATabIsNoIndentation) {
  const std::string tab = "is indented by a tab, YAML is indented by blanks";
  EXPECT_EQ("c.yaml:2: " + tab, read("limits:\n\tmax_connections: 5\n"));
  EXPECT_EQ("c.yaml:3: " + tab, read("limits:\n  backlog: 5\n  \tmax_connections: 5\n"));
  EXPECT_EQ("c.yaml:2: " + tab, read("port: 7\n\tbacklog: 8\n"));
  EXPECT_EQ("c.yaml:1: " + tab, read("\tport: 7\n"));
  EXPECT_EQ("c.yaml:2: " + tab, read("host:\n\t- a\n"));
}

TEST(ReadYaml, ATabElsewhereIsABlank) {
  EXPECT_EQ("port=7 host=a,b", read("port:\t7\t# c\nhost: [\n\ta,\n\tb]\n"));
  EXPECT_EQ("c.yaml:2: is not valid YAML, end of map flow not found",
            read("limits: {\n\tmax_connections: 5"));
}

TEST(ReadYaml, AValueIsOnOneLine) {
  EXPECT_EQ("c.yaml:1: key 'unix': " + several_lines, read("unix: /a\n  b\nport: 7\n"));
  EXPECT_EQ("c.yaml:1: key 'host': " + several_lines, read("host: [a\n b]\n"));
  EXPECT_EQ("c.yaml:1: key 'unix': " + block, read("unix: |\n  /a\nport: 7\n"));
  EXPECT_EQ("c.yaml:1: key 'unix': " + block, read("unix: >-\n  /a\n  port: 7\n"));
  EXPECT_EQ("c.yaml:2: key 'log.file': " + block, read("log:\n  file: |\n  payload: 5\n"));
}

TEST(ReadYaml, TakesAQuotedValueWithQuotesOfTheOtherKindAndEscapes) {
  EXPECT_EQ("a=it's b=x\"y c=\\ d=#", read(R"({a: "it's", b: 'x"y', c: "\\", d: '#'})"));
  EXPECT_EQ("a=it's b=\"", read("a: 'it''s'\nb: \"\\\"\"\n"));
  EXPECT_EQ("a= b=", read("a: ''\nb: \"\"\n"));
}

TEST(ReadYaml, ColumnsAreCountedInBytesAfterTheByteOrderMark) {
  EXPECT_EQ("a=\u00e4\u20ac b=x c=y", read("\xEF\xBB\xBF{a: \u00e4\u20ac, b: \"x\", c: 'y'}\r\n"));
}

TEST(ReadYaml, ALineOfADirectiveIsRefusedWhereverItIs) {
  const std::string directive = "directives (%) are not supported, leave the line out";
  EXPECT_EQ("c.yaml:1: " + directive, read("%port: 7\nbacklog: 5\n"));
  EXPECT_EQ("c.yaml:2: " + directive, read("port: 7\n%backlog: 5\nunix: a\n"));
  EXPECT_EQ("c.yaml:2: " + directive, read("port: 7\n%backlog: 5"));
  EXPECT_EQ("c.yaml:3: " + directive, read("port: 7\n...\n%backlog: 5\n"));
  EXPECT_EQ("c.yaml:1: " + directive, read("%YAML 1.2\n---\nport: 7\n"));
}

TEST(ReadYaml, ACarriageReturnAloneEndsNoLine) {
  const std::string control = "has a control character";
  EXPECT_EQ("c.yaml:2: " + control, read("unix: a\nport: 7 # x\rbacklog: 5\n"));
  EXPECT_EQ("c.yaml:1: " + control, read("port: 7\rbacklog: 5\r"));
  EXPECT_EQ("port=7 backlog=5", read("port: 7 # x\r\nbacklog: 5\r\n"));
}

TEST(ReadYaml, NothingFollowsTheDocument) {
  EXPECT_EQ("port=7", read("---\nport: 7\n...\n# the end\n"));
  const std::string second = "is a second document, expected only one";
  EXPECT_EQ("c.yaml:3: " + second, read("port: 7\n...\nbacklog: 5\n"));
  EXPECT_EQ("c.yaml:2: " + second, read("port: 7\n---\nbacklog: 5\n"));
  EXPECT_EQ("c.yaml:2: " + second, read("{port: 7}\nbacklog: 5\n"));
  EXPECT_EQ("c.yaml:2: " + second, read("  port: 7\nbacklog: 5\n"));
}

TEST(ReadYaml, ATagOfNoNameIsRefused) {
  EXPECT_EQ("c.yaml:1: key 'port': has a tag (!), leave it out", read("port: ! 7\n"));
}

TEST(ReadYaml, ACollectionWithoutItsEndIsAnError) {
  for (const std::string yaml : {"host: [a\nport: 7\n", "log: {file: a\nport: 7\n", "{port: 7\n",
                                 "host: [a}\nport: 7\n", "host: [a]]\nport: 7\n"}) {
    EXPECT_THAT(read(yaml), StartsWith("c.yaml:")) << yaml;
  }
}

}  // namespace
}  // namespace server
