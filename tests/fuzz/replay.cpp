// Gives a fuzzer each file of a folder, once and cut short at each of its first bytes.
//   config_corpus tests/fuzz/corpus/config
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzzer.hpp"

int main(int argc, char** argv) {
  constexpr std::size_t most_cuts = 256;
  int files = 0;
  if (argc == 2) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<std::uint8_t> bytes(std::istreambuf_iterator<char>(file), {});
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      for (std::size_t size = 0; size < std::min(bytes.size(), most_cuts); ++size) {
        LLVMFuzzerTestOneInput(bytes.data(), size);
      }
      ++files;
    }
  }
  std::printf("%d files\n", files);
  return files == 0 ? 1 : 0;
}
