// One reader under libFuzzer. Readers take files, so the bytes go to one in memory.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using smoothbound::fuzz::NamedReader;
  using smoothbound::fuzz::readers;
  static const int file = memfd_create("input", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  static const NamedReader* const reader =
      std::ranges::find(readers, std::string_view(SMOOTHBOUND_READER), &NamedReader::name);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  reader->read(path);
  return 0;
}
