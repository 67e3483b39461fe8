#include "smoothbound/bounds/match_baseline.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "smoothbound/text/file_name.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> names_of_layers(const BaselineEntry& entry) {
  std::vector<std::string_view> names;
  if (entry.results.empty()) return names;
  for (const BaselineRow& row : entry.results.front().rows) {
    if (row.kind == RowKind::layer) names.emplace_back(row.name);
  }
  return names;
}

bool shares_half_of_the_layers(const BaselineEntry& before, const BaselineEntry& after) {
  const std::vector<std::string_view> old_names = names_of_layers(before);
  const std::vector<std::string_view> new_names = names_of_layers(after);
  const std::set<std::string_view> known(old_names.begin(), old_names.end());
  const auto common = static_cast<std::size_t>(std::ranges::count_if(
      new_names, [&](std::string_view name) { return known.contains(name); }));
  return 2 * common >= std::max(old_names.size(), new_names.size());
}

bool has_same_meaning(const BaselineEntry& before, const BaselineEntry& after) {
  return before.meaning.all == after.meaning.all;
}

bool has_same_structure(const BaselineEntry& before, const BaselineEntry& after) {
  return before.meaning.structure == after.meaning.structure;
}

bool has_same_form(const BaselineEntry& before, const BaselineEntry& after) {
  return before.meaning.form == after.meaning.form;
}

bool has_same_layers(const BaselineEntry& before, const BaselineEntry& after) {
  return names_of_layers(before) == names_of_layers(after);
}

bool has_same_file_name(const BaselineEntry& before, const BaselineEntry& after) {
  return fs::path(before.file).filename() == fs::path(after.file).filename() &&
         shares_half_of_the_layers(before, after);
}

class Matcher {
 public:
  Matcher(const Baseline& baseline, const std::vector<CheckedFile>& files)
      : files_(files), matches_(files.size()) {
    for (const BaselineEntry& entry : baseline.architectures) left_.push_back(&entry);
  }

  // `key_of` a file.
  template <class KeyOf>
  void match_keys(const KeyOf& key_of) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const auto found = std::ranges::find(left_, key_of(files_[i]), &BaselineEntry::file);
      if (matches_[i].entry == nullptr && found != left_.end()) take(i, **found, false);
    }
  }

  // By the longest key that a file's path ends with, if it is the longest of no other file.
  void match_ends() {
    std::vector<const BaselineEntry*> longest(files_.size(), nullptr);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (matches_[i].entry != nullptr) continue;
      const std::string path = escape_controls(resolved(files_[i].path).string());
      for (const BaselineEntry* entry : left_) {
        std::string_view end = entry->file;
        while (end.starts_with("../")) end.remove_prefix(3);
        const bool fits =
            end.starts_with('/') ? path == end : path.ends_with("/" + std::string(end));
        if (fits && (longest[i] == nullptr || longest[i]->file.size() < entry->file.size())) {
          longest[i] = entry;
        }
      }
    }
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (longest[i] != nullptr && std::ranges::count(longest, longest[i]) == 1) {
        take(i, *longest[i], false);
      }
    }
  }

  // `unique`: only where there is one such file and one such entry.
  void match_renamed(bool (*is_same)(const BaselineEntry& before, const BaselineEntry& after),
                     bool unique) {
    std::vector<std::pair<std::size_t, const BaselineEntry*>> pairs;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (matches_[i].entry != nullptr || files_[i].entry == nullptr) continue;
      for (const BaselineEntry* entry : left_) {
        if (is_same(*entry, *files_[i].entry)) pairs.emplace_back(i, entry);
      }
    }
    const auto is_alone = [&](const auto& pair) {
      return std::ranges::count(pairs, pair.first, [](const auto& p) { return p.first; }) == 1 &&
             std::ranges::count(pairs, pair.second, [](const auto& p) { return p.second; }) == 1;
    };
    for (const auto& pair : pairs) {
      const bool is_left = std::ranges::find(left_, pair.second) != left_.end();
      if (matches_[pair.first].entry != nullptr || !is_left) continue;
      if (!unique || is_alone(pair)) take(pair.first, *pair.second, true);
    }
  }

  [[nodiscard]] std::vector<BaselineMatch> result() && { return std::move(matches_); }

 private:
  void take(std::size_t file, const BaselineEntry& entry, bool renamed) {
    matches_[file] = {&entry, renamed};
    std::erase(left_, &entry);
  }

  const std::vector<CheckedFile>& files_;
  std::vector<BaselineMatch> matches_;
  std::vector<const BaselineEntry*> left_;  // that are no file's
};

}  // namespace

std::vector<BaselineMatch> match_baseline(const Baseline& baseline,
                                          const std::vector<CheckedFile>& files) {
  Matcher matcher(baseline, files);
  if (baseline.is_first) {
    matcher.match_keys([](const CheckedFile& file) {
      return escape_controls(fs::path(file.path).lexically_normal().string());
    });
    matcher.match_ends();
  } else {
    matcher.match_keys([](const CheckedFile& file) { return file.key; });
  }
  matcher.match_renamed(has_same_meaning, false);
  for (const auto is_same :
       {has_same_structure, has_same_form, has_same_layers, has_same_file_name}) {
    matcher.match_renamed(is_same, true);
  }
  return std::move(matcher).result();
}

std::vector<const BaselineEntry*> possible_origins(const Baseline& baseline,
                                                   const CheckedFile& file,
                                                   const std::vector<BaselineMatch>& matches) {
  std::vector<const BaselineEntry*> origins;
  if (file.entry == nullptr) return origins;
  for (const BaselineEntry& entry : baseline.architectures) {
    const bool matched = std::ranges::find(matches, &entry, &BaselineMatch::entry) != matches.end();
    if (!matched && shares_half_of_the_layers(entry, *file.entry)) origins.push_back(&entry);
  }
  return origins;
}

}  // namespace smoothbound
