import sys

from giaoban.config.cli import main

sys.exit(main())
