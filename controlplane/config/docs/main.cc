// lb_config_docs: prints docs/configuration.md.
#include <iostream>

#include "controlplane/config/reference.h"

int main() { std::cout << lb::config::RenderReference(); }
