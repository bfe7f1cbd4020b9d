from giaoban.indicators.web.views.index import index as index
from giaoban.indicators.web.views.reading import reading as reading
from giaoban.indicators.web.views.reading import reading_csv as reading_csv
from giaoban.indicators.web.views.series import series as series
from giaoban.indicators.web.views.series import series_csv as series_csv
