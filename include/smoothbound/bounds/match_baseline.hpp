// Which entry of a baseline is that of a file, whatever the file is called now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "smoothbound/bounds/baseline.hpp"

namespace smoothbound {

/// A file by the names that a baseline may know it by.
struct CheckedFile {
  std::string path;                      // as given
  std::string key;                       // see `baseline_key`
  const BaselineEntry* entry = nullptr;  // what it is now; null: it cannot be read
};

struct BaselineMatch {
  const BaselineEntry* entry = nullptr;  // null: none
  bool renamed = false;                  // found by what it is, not by its key
};

/// For each file the entry of its key. In a baseline of the first schema, whose keys are paths from
/// a working directory that is not known: the path as given, else the one key that ends the file's
/// path. What is left over on both sides is matched by what it is: the same meaning, and else the
/// same structure, the same but for radii, names of layers, or file name with half of the layers,
/// where there is only one such file and entry.
std::vector<BaselineMatch> match_baseline(const Baseline& baseline,
                                          const std::vector<CheckedFile>& files);

/// The entries that nobody matches, and of which a file without a match may be what has become: at
/// least half of the layers have the same names.
std::vector<const BaselineEntry*> possible_origins(const Baseline& baseline,
                                                   const CheckedFile& file,
                                                   const std::vector<BaselineMatch>& matches);

}  // namespace smoothbound
