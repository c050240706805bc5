// The main() of a fuzz target that is built without libFuzzer: replays a corpus and mutations of
// it.
//
//   fuzz_NAME [--mutations=N] PATH...     each PATH a file, or a folder of files
//
// The mutations depend on the corpus alone, so that a failure repeats. The input that failed is
// written to failed_input in the working directory; pass that file to replay it alone.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);
// Of the address sanitizer's runtime, when that is linked.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr size_t kMaxInputBytes = 32768;

const std::string* current_input = nullptr;

// Async-signal-safe.
void SaveCurrentInput() {
  if (current_input == nullptr) return;
  int fd = open("failed_input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  ssize_t written = write(fd, current_input->data(), current_input->size());
  constexpr std::string_view kSaved = "the input is in the file failed_input\n";
  if (written >= 0) written = write(STDERR_FILENO, kSaved.data(), kSaved.size());
  close(fd);
}

void OnFatalSignal(int number) {
  SaveCurrentInput();
  signal(number, SIG_DFL);
  raise(number);
}

void Run(const std::string& input) {
  current_input = &input;
  // A copy of the exact size: a sanitizer then sees a read past the end.
  std::vector<uint8_t> bytes(input.begin(), input.end());
  bytes.shrink_to_fit();
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  current_input = nullptr;
}

std::vector<std::string> Load(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      // Names with a dot in front are not inputs (.gitattributes).
      bool hidden = entry.path().filename().string()[0] == '.';
      if (entry.is_regular_file() && !hidden) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "cannot read '%s'\n", file.c_str());
      std::exit(2);
    }
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// Random numbers by the engine alone: the standard's distributions differ between libraries.
class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus), random_(20240229) {}

  std::string Next() {
    std::string text = corpus_[Below(corpus_.size())];
    for (size_t steps = 1 + Below(4); steps > 0; --steps) Change(&text);
    if (text.size() > kMaxInputBytes) text.resize(kMaxInputBytes);
    return text;
  }

 private:
  size_t Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  // Bytes that mean something in most text formats, then any byte.
  char Byte() {
    static constexpr char kTelling[] = "\r\n\t \0:;,=\"\\'/?#%-+_0129afAFxz{}[]()\x7f\x80\xff";
    constexpr size_t kCount = sizeof(kTelling) - 1;  // a NUL is among them
    return Below(2) == 0 ? kTelling[Below(kCount)] : static_cast<char>(Below(256));
  }

  void Change(std::string* text) {
    const size_t at = Below(text->size() + 1);
    const size_t length = 1 + Below(Below(4) == 0 ? 64 : 4);
    switch (Below(7)) {
      case 0:
        if (at < text->size()) (*text)[at] = Byte();
        break;
      case 1:
        text->insert(at, 1, Byte());
        break;
      case 2:
        text->erase(at, length);
        break;
      case 3:  // again what is there already
        text->insert(at, text->substr(at, length));
        break;
      case 4: {  // a piece of another input
        const std::string& other = corpus_[Below(corpus_.size())];
        text->insert(at, other.substr(Below(other.size() + 1), length * 4));
        break;
      }
      case 5:
        text->insert(at, length * (Below(64) == 0 ? 256 : 1), Byte());
        break;
      default:
        text->resize(at);
        break;
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view kMutations = "--mutations=";
  unsigned long mutations = 0;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument.substr(0, kMutations.size()) == kMutations) {
      mutations = std::strtoul(argv[i] + kMutations.size(), nullptr, 10);
    } else {
      paths.emplace_back(argument);
    }
  }
  for (int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(number, OnFatalSignal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(SaveCurrentInput);

  const std::vector<std::string> corpus = Load(paths);
  if (corpus.empty()) {
    std::fprintf(stderr, "no inputs: name the corpus folder\n");
    return 2;
  }
  Run("");
  for (const std::string& input : corpus) Run(input);
  Mutator mutator(corpus);
  for (unsigned long i = 0; i < mutations; ++i) Run(mutator.Next());
  std::printf("%zu inputs and %lu mutations\n", corpus.size(), mutations);
  return 0;
}
