#include <sys/mman.h>

#include <cerrno>
#include <system_error>

#include "smoothbound/models/model.hpp"
#include "smoothbound/text/regular_file.hpp"

namespace smoothbound::models {

MappedFile::MappedFile(const std::string& path) {
  const RegularFile file(path);
  if (file.size() == 0) return;
  void* const start = mmap(nullptr, static_cast<std::size_t>(file.size()), PROT_READ, MAP_PRIVATE,
                           file.descriptor(), 0);
  if (start == MAP_FAILED) {
    const std::string why = std::generic_category().message(errno);
    throw SpecError(whole_file, "cannot map the file: " + why, "copy it to a disk");
  }
  bytes_ = {static_cast<const char*>(start), static_cast<std::size_t>(file.size())};
}

MappedFile::~MappedFile() {
  // NOLINTNEXTLINE(*-const-cast): what is unmapped is not written to
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace smoothbound::models
