import ts from 'typescript';
import { lineOf, type SourceFile } from './source-files.ts';

export interface ExportedName {
  readonly name: string;
  readonly where: string;
  readonly isType: boolean;
  readonly documented: boolean;
}

/** What a file declares and exports; names that it only passes on are left out. */
export function exportedNames(file: SourceFile): ExportedName[] {
  const listed = listedNames(file.tree);
  return file.tree.statements.flatMap((statement) => {
    const direct = isExported(statement);
    return declaredNames(statement)
      .filter((name) => direct || listed.has(name))
      .map((name) => ({
        name,
        where: `${file.path}:${lineOf(file, statement)}`,
        isType: isType(statement),
        documented: ts.getJSDocCommentsAndTags(statement).length > 0,
      }));
  });
}

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

const isType = (node: ts.Statement): boolean =>
  ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node);

function declaredNames(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.map(({ name }) => name.getText());
  }
  const isNamed = isType(node) || ts.isFunctionDeclaration(node) || ts.isEnumDeclaration(node);
  if (!isNamed) return [];
  return [(node as ts.DeclarationStatement).name?.getText() ?? 'default'];
}

/** The names in `export { a, b }` of what the file itself declares. */
function listedNames(tree: ts.SourceFile): Set<string> {
  return new Set(
    tree.statements.flatMap((node) => {
      if (!ts.isExportDeclaration(node) || node.moduleSpecifier !== undefined) return [];
      if (node.exportClause === undefined || !ts.isNamedExports(node.exportClause)) return [];
      return node.exportClause.elements.map((e) => (e.propertyName ?? e.name).text);
    }),
  );
}
