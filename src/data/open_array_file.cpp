// Tells formats by their content.

#include <fmt/format.h>

#include <algorithm>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

constexpr std::size_t magic_size = 16;

// A length below 2^48, and then JSON.
bool looks_like_safetensors(std::string_view start) {
  return start.size() > 8 && start[8] == '{' && start[6] == 0 && start[7] == 0;
}

// Protocols 2 to 5 begin with their number. Those of Python 2, which are text, begin with a
// container or a class and a line end soon after.
bool looks_like_pickle(std::string_view start) {
  if (looks_like_safetensors(start)) return false;
  if (start.size() >= 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) return true;
  return start.starts_with("(dp") || start.starts_with("(lp") || start.starts_with("ccopy_reg\n") ||
         start.starts_with("ccollections\n") || start.starts_with("cnumpy");
}

}  // namespace

void throw_pickle(const std::string& path) {
  throw DataError(
      path, "this is a Python pickle, which can run any program when it is read",
      fmt::format(
          "if you trust it, convert it to safetensors: python3 -c \"import sys, torch; from "
          "safetensors.torch import save_file; save_file({{k: v.contiguous() for k, v in "
          "torch.load(sys.argv[1], map_location='cpu', weights_only=True).items()}}, "
          "sys.argv[2])\" {} weights.safetensors",
          path));
}

void refuse_pickle(const InputFile& file) {
  if (looks_like_pickle(file.read_start(magic_size))) throw_pickle(file.path());
}

ArrayFile open_array_file(const std::string& path) {
  InputFile file(path);
  if (file.size() == 0) throw DataError(path, "the file is empty");
  const std::string start = file.read_start(magic_size);
  if (start.starts_with("\x93NUMPY")) return open_npy(std::move(file));
  if (start.starts_with("PK\3\4") || start.starts_with("PK\5\6")) return open_npz(std::move(file));
  refuse_pickle(file);
  if (looks_like_safetensors(start)) return open_safetensors(std::move(file));
  throw DataError(path, "this is no safetensors, NPY or NPZ file",
                  "the format is told by the content, whatever the name of the file");
}

}  // namespace smoothbound
